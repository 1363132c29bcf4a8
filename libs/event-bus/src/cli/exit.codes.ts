/** How a process of the command line ends. */
export const EXIT_CODES = {
  /** It did what it was asked for; `doctor` found nothing. */
  success: 0,
  /** It could not, and says why; or `doctor` found something. */
  failure: 1,
  /** The arguments are wrong. */
  usage: 2,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];
