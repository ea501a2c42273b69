import { createServer } from 'node:net'
import { expect, test } from '@jest/globals'
import { BLOCK_PORTS, choosePortBlocks, holdGuards } from '../src/dev/port-blocks.js'

const NONE: ReadonlySet<number> = new Set()

test('clusters that choose at the same moment get blocks of their own', async () => {
  // 12 of about 45 twice: chosen independently they would share one in 99 of 100 runs.
  const chosen = await Promise.all([choosePortBlocks(12, 1, NONE), choosePortBlocks(12, 1, NONE)])
  try {
    const starts = chosen.flatMap(({ blocks }) => blocks.map(({ start }) => start))
    expect(new Set(starts).size).toBe(24)
    for (const start of starts) expect(start % BLOCK_PORTS).toBe(0)
    // Held until released, by whoever looks.
    expect((await holdGuards(starts)).taken).toHaveLength(24)
  } finally {
    await Promise.all(chosen.map(({ guards }) => guards.release()))
  }
})

test('larger nodes get neighbouring blocks, each of them held', async () => {
  const { blocks, guards } = await choosePortBlocks(2, 3, NONE)
  try {
    for (const { start, guardPorts } of blocks)
      expect(guardPorts).toEqual([start, start + BLOCK_PORTS, start + 2 * BLOCK_PORTS])
    const [a = 0, b = 0] = blocks.map(({ start }) => start)
    expect(Math.abs(a - b)).toBeGreaterThanOrEqual(3 * BLOCK_PORTS)
  } finally {
    await guards.release()
  }
})

test('a block whose node port something listens on is passed over, and used ones too', async () => {
  const { blocks, guards } = await choosePortBlocks(1, 1, NONE)
  const start = blocks[0]?.start ?? 0
  await guards.release()
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(start + 1, '127.0.0.1', resolve))
  try {
    const used = new Set([start + BLOCK_PORTS])
    const next = await choosePortBlocks(12, 1, used)
    await next.guards.release()
    const starts = next.blocks.map((block) => block.start)
    expect(starts).not.toContain(start)
    expect(starts).not.toContain(start + BLOCK_PORTS)
  } finally {
    await new Promise((resolve) => other.close(resolve))
  }
})

test('when no block is left, that is an error', async () => {
  // All in use by this cluster itself: holding them all would disturb others on this machine.
  const all = new Set(Array.from({ length: 65_536 }, (_, port) => port))
  await expect(choosePortBlocks(1, 1, all)).rejects.toMatchObject({ code: 'PORTS_EXHAUSTED' })
})
