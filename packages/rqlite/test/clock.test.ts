import { expect, test } from '@jest/globals'
import { createSystemClock } from '../src/index.js'

const timersThatHold = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length

test('a wait keeps Node.js alive, or a stop could end before its SIGKILL; an idle one does not', () => {
  const clock = createSystemClock()
  const before = timersThatHold()
  const cancel = clock.after(60_000, () => undefined)
  const cancelIdle = clock.after(60_000, () => undefined, true)
  expect(timersThatHold()).toBe(before + 1)
  cancel()
  cancelIdle()
  expect(timersThatHold()).toBe(before)
})
