/** What the person at the terminal can put right: the message is all they need. */
export class StartError extends Error {}
