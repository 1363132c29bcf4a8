/** The contender of that name, from `contenders/`. */
export async function loadContender(name) {
  const { contender } = await import(`../contenders/${name}.contender.mjs`);
  return contender;
}
