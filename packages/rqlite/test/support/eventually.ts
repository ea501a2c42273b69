/** Polls until a condition holds; fails with what it is about after the limit. */
export const eventually = async (
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 8_000,
): Promise<void> => {
  const end = Date.now() + limitMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
