import { createChecker, type DatabaseRecord, type MetadataRecord, RecordSchema } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  canonicalText,
  clockSum,
  compareClocks,
  compareStamped,
  incrementClock,
  joinClocks,
  joinStamped,
  mergeRecords,
} from '../src/index.js'
import { clock, decreeOf, nodeRecord, stamped, validDatabase, wildDatabase } from './arbitraries.js'

const RUNS = { numRuns: 500 }

/** Checks that `join` is the join of a semilattice on what `values` makes (invariant I2). */
const expectSemilattice = <T>(values: fc.Arbitrary<T>, join: (a: T, b: T) => T): void => {
  const same = (a: T, b: T): void => expect(canonicalText(a)).toBe(canonicalText(b))
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      same(join(a, b), join(b, a))
      same(join(join(a, b), c), join(a, join(b, c)))
      same(join(a, a), a)
      same(join(join(a, b), b), join(a, b))
    }),
    RUNS,
  )
}

describe('vector clocks', () => {
  test('join is commutative, associative and idempotent (I2)', () => expectSemilattice(clock, joinClocks))

  test('an update is after what it saw and raises the sum by one', () => {
    fc.assert(
      fc.property(clock, fc.constantFrom('12D3A/1', 'constructor', '__proto__'), (before, actor) => {
        const after = incrementClock(before, actor)
        expect(compareClocks(before, after)).toBe('before')
        expect(compareClocks(after, before)).toBe('after')
        expect(clockSum(after)).toBe(clockSum(before) + 1)
      }),
      RUNS,
    )
  })

  test.each([
    [{}, {}, 'equal'],
    [{ a: 1 }, {}, 'after'],
    [{ a: 1 }, { a: 1, b: 1 }, 'before'],
    [{ a: 2, b: 1 }, { a: 1, b: 2 }, 'concurrent'],
    [{ a: 2 }, { a: 2 }, 'equal'],
  ] as const)('%j and %j are %s', (a, b, order) => expect(compareClocks(a, b)).toBe(order))
})

describe('registers', () => {
  const register = stamped(fc.integer({ min: 0, max: 3 }))

  test('join is commutative, associative and idempotent (I2)', () => expectSemilattice(register, joinStamped))

  test('a causally later value always wins', () => {
    fc.assert(
      fc.property(register, register, (a, b) => {
        if (compareClocks(a.clock, b.clock) === 'before') expect(compareStamped(a, b)).toBeLessThan(0)
      }),
      RUNS,
    )
  })
})

describe('records', () => {
  const recordJoin = (a: MetadataRecord, b: MetadataRecord): MetadataRecord => mergeRecords(a, b)

  test('valid database records form a semilattice (I2)', () => expectSemilattice(validDatabase(), recordJoin))
  test('so do records that break every rule (I2)', () =>
    expectSemilattice(fc.oneof(wildDatabase(), validDatabase()), recordJoin))
  test('node records form a semilattice (I2)', () => expectSemilattice(nodeRecord(), recordJoin))

  test('a merge of valid records passes the schema and holds no placement of another cluster', () => {
    const checker = createChecker(RecordSchema)
    fc.assert(
      fc.property(validDatabase(), validDatabase(), (a, b) => {
        const merged = mergeRecords(a, b) as DatabaseRecord
        expect(checker.check(merged)).toBe(merged)
        const winner = [a, b].find(
          ({ decree, placement }) =>
            decree.clusterId === merged.decree.clusterId &&
            canonicalText(placement) === canonicalText(merged.placement),
        )
        expect(winner).toBeDefined()
      }),
      RUNS,
    )
  })

  test('returns the first record itself when the second brings nothing new', () => {
    fc.assert(
      fc.property(validDatabase(), validDatabase(), (a, b) => {
        const merged = mergeRecords(a, b)
        expect(mergeRecords(merged, structuredClone(b))).toBe(merged)
        expect(mergeRecords(merged, structuredClone(merged))).toBe(merged)
        if (canonicalText(merged) === canonicalText(a)) expect(merged).toBe(a)
        else expect(merged).not.toBe(a)
      }),
      RUNS,
    )
  })

  test('refuses to merge records of different keys', () => {
    const [a] = fc.sample(validDatabase('app_a'), 1)
    const [b] = fc.sample(validDatabase('app_b'), 1)
    expect(() => mergeRecords(a as MetadataRecord, b as MetadataRecord)).toThrow(
      expect.objectContaining({ code: 'INTERNAL', message: expect.stringContaining('database/app_a') }),
    )
  })
})

describe('what a database record says after a merge', () => {
  const record = (cluster: number, rest: Partial<DatabaseRecord> = {}): DatabaseRecord => ({
    kind: 'database',
    name: 'app_db',
    decree: decreeOf(cluster),
    established: true,
    deleted: false,
    replicas: {},
    clock: {},
    ...rest,
  })
  const at = (epoch: number) => ({ placement: { epoch, replicas: decreeOf(0).replicas } })
  const merged = (a: DatabaseRecord, b: DatabaseRecord) => mergeRecords(a, b) as DatabaseRecord

  // Clusters 0, 2, 4, 6 are of generation 1; 1, 3, 5, 7 of generation 2. Clusters 4 to 7 have the higher round.
  test.each([
    ['a later generation beats a tombstone', record(0, { deleted: true }), record(1, { established: false }), 1],
    ['a tombstone beats its generation', record(4), record(0, { deleted: true }), 0],
    ['an established cluster beats a higher ballot', record(0), record(4, { established: false }), 0],
    [
      'of two unestablished ones the higher ballot wins',
      record(4, { established: false }),
      record(0, { established: false }),
      4,
    ],
    ['of two established ones too, everywhere', record(4), record(0), 4],
  ])('%s', (_, a, b, winner) => {
    expect(merged(a, b).decree).toEqual(decreeOf(winner))
    expect(merged(b, a).decree).toEqual(decreeOf(winner))
  })

  test('placement: the higher epoch within the winning cluster, whatever another cluster has', () => {
    expect(merged(record(4, at(9)), record(4, at(10))).placement?.epoch).toBe(10)
    expect(merged(record(4), record(4, at(2))).placement?.epoch).toBe(2)
    expect(merged(record(0, at(99)), record(4, at(1))).placement?.epoch).toBe(1)
    expect(merged(record(0, at(99)), record(4)).placement).toBeUndefined()
  })

  test('three records of two clusters and a tombstone give the same whatever the order', () => {
    const [a, b, c] = [record(0, at(5)), record(4), record(0, { deleted: true })]
    expect(merged(merged(a, b), c)).toEqual(merged(a, merged(b, c)))
  })
})
