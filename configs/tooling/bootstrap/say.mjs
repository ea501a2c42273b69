const startedAtMs = performance.now()

/** One line of progress, with the seconds since the start, on standard error. */
export const say = (text) => {
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1).padStart(5)
  process.stderr.write(`${seconds} s  ${text}\n`)
}
