import { createChecker, type MetadataRecord, NodeMessageSchema, recordKey } from '@dbcluster/protocol'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { actorOf, bucketOf, canonicalText, MetadataTable, mergeRecords, recordHash } from '../src/index.js'
import { anyRecord, clusterIdOf, decreeOf, nodeRecord } from './arbitraries.js'

const INCARNATION = '00000000000000aa'
const tableOf = (peerId: string, records: readonly MetadataRecord[] = []): MetadataTable => {
  const table = new MetadataTable({ actor: actorOf(peerId, INCARNATION) })
  table.merge(records)
  return table
}
const contents = (table: MetadataTable): string => canonicalText(table.records())

/** One round of anti-entropy, begun by `a`; the number of entries and records that were exchanged. */
const exchange = (a: MetadataTable, b: MetadataTable): number => {
  const buckets = b.differingBuckets(a.digest())
  if (buckets.length === 0) return 0
  const entries = b.entries(buckets)
  const { want, send } = a.compare(buckets, entries)
  b.merge(send)
  a.merge(want.flatMap((key) => b.get(key) ?? []))
  return entries.length + want.length + send.length
}

const many = (count: number): MetadataRecord[] =>
  Array.from({ length: count }, (_, at) => ({
    kind: 'database',
    name: `app_db${at}`,
    decree: decreeOf(at % 8),
    established: true,
    deleted: false,
    replicas: {},
    clock: { '12D3A/1': 1 },
  }))

describe('merging', () => {
  test('says what changed, each record once, and what the sender does not know', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 8 }), fc.array(anyRecord, { maxLength: 8 }), (held, incoming) => {
        const table = tableOf('12D3A', held)
        const before = new Map(table.records().map((record) => [recordKey(record), record]))
        const { changed, stale } = table.merge(structuredClone(incoming))

        const really = table.records().filter((record) => before.get(recordKey(record)) !== record)
        expect(changed.map(recordKey).sort()).toEqual(really.map(recordKey))
        expect(changed.every((record) => table.get(recordKey(record)) === record)).toBe(true)
        for (const record of really) {
          expect(canonicalText(before.get(recordKey(record)))).not.toBe(canonicalText(record))
        }
        for (const record of stale) expect(table.get(recordKey(record))).toBe(record)
        expect(table.merge(incoming).changed).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('calls an incoming record stale exactly when the table holds more than it', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 4 }), anyRecord, (held, incoming) => {
        const table = tableOf('12D3A', held)
        const { stale } = table.merge([structuredClone(incoming)])
        const ours = table.get(recordKey(incoming))
        expect(stale).toEqual(canonicalText(ours) === canonicalText(incoming) ? [] : [ours])
      }),
      { numRuns: 300 },
    )
  })

  test('lists databases by prefix and nodes, each in sorted order', () => {
    const table = tableOf('12D3A', [...many(12).reverse(), ...fc.sample(nodeRecord('12D3B'), 1)])
    table.merge(fc.sample(nodeRecord('12D3A'), 1))
    expect(table.databases('app_db1').map(({ name }) => name)).toEqual(['app_db1', 'app_db10', 'app_db11'])
    expect(table.databases()).toHaveLength(12)
    expect(table.databases('other_')).toEqual([])
    expect(table.nodes().map(({ peerId }) => peerId)).toEqual(['12D3A', '12D3B'])
    expect(table.size).toBe(14)
    expect(table.database('constructor')).toBeUndefined()
  })
})

describe('a node’s own changes', () => {
  const state = { clusterId: clusterIdOf(0), status: 'active' } as const

  test('win over everything the table had, and nothing changes when repeated', () => {
    const table = tableOf('12D3A')
    const created = table.putDecree({ name: 'app_db', decree: decreeOf(0), established: false })
    expect(created?.clock).toEqual({ [`12D3A/${INCARNATION}`]: 1 })
    expect(table.putDecree({ name: 'app_db', decree: decreeOf(0), established: false })).toBeUndefined()
    expect(table.putReplicaState('app_db', { ...state, status: 'starting' })).toBeDefined()
    expect(table.putReplicaState('app_db', state)?.replicas['12D3A']?.value.status).toBe('active')
    expect(table.putReplicaState('app_db', { ...state })).toBeUndefined()
    expect(table.putDecree({ name: 'app_db', decree: decreeOf(0), established: true })?.established).toBe(true)
    expect(table.putDecree({ name: 'app_db', decree: decreeOf(0), established: false })).toBeUndefined()
    const placement = { epoch: 5, replicas: decreeOf(0).replicas.slice(0, 2) }
    expect(table.putPlacement('app_db', { clusterId: clusterIdOf(0), placement })?.placement).toEqual(placement)
    expect(table.putPlacement('app_db', { clusterId: clusterIdOf(0), placement })).toBeUndefined()
    expect(table.putPlacement('app_db', { clusterId: clusterIdOf(2), placement })).toBeUndefined()
    const tombstone = table.putTombstone('app_db')
    expect(tombstone).toMatchObject({ deleted: true, established: true, placement })
    expect(table.putTombstone('app_db')).toBeUndefined()
    expect(
      table.putPlacement('app_db', { clusterId: clusterIdOf(0), placement: { ...placement, epoch: 9 } }),
    ).toBeUndefined()
    const reborn = table.putDecree({ name: 'app_db', decree: decreeOf(1), established: false })
    expect(reborn).toMatchObject({ deleted: false, decree: { generation: 2 } })
    expect(reborn).not.toHaveProperty('placement')
    expect(reborn?.clock).toEqual({ [`12D3A/${INCARNATION}`]: 7 })
  })

  test('of an unknown database change nothing', () => {
    const table = tableOf('12D3A')
    expect(table.putReplicaState('app_db', state)).toBeUndefined()
    expect(table.putTombstone('app_db')).toBeUndefined()
    expect(table.size).toBe(0)
  })

  test('before a cluster is established, no placement is taken', () => {
    const table = tableOf('12D3A')
    table.putDecree({ name: 'app_db', decree: decreeOf(0), established: false })
    const placement = { epoch: 5, replicas: decreeOf(0).replicas }
    expect(table.putPlacement('app_db', { clusterId: clusterIdOf(0), placement })).toBeUndefined()
  })

  test('a node that lost its store overrules its forgotten past once it has seen it (I2)', () => {
    const elsewhere = tableOf('12D3B')
    const before = tableOf('12D3A')
    before.putDecree({ name: 'app_db', decree: decreeOf(0), established: true })
    for (const status of ['starting', 'active', 'stopped', 'active'] as const) {
      before.putReplicaState('app_db', { ...state, status })
    }
    elsewhere.merge(before.records())
    const reborn = new MetadataTable({ actor: actorOf('12D3A', '00000000000000bb') })
    reborn.merge(elsewhere.records())
    reborn.putReplicaState('app_db', { ...state, status: 'failed' })
    elsewhere.merge(reborn.records())
    elsewhere.merge(before.records())
    expect(elsewhere.database('app_db')?.replicas['12D3A']?.value.status).toBe('failed')
  })

  test('survive the schema of the wire', () => {
    const table = tableOf('12D3A')
    table.putDecree({ name: 'app_db', decree: decreeOf(0), established: true })
    table.putReplicaState('app_db', { ...state, error: 'x' })
    const checker = createChecker(NodeMessageSchema)
    expect(checker.is({ type: 'METADATA_UPDATE', records: table.records() })).toBe(true)
    expect(checker.is({ type: 'METADATA_DIGEST', buckets: table.digest() })).toBe(true)
    const buckets = table.differingBuckets({})
    expect(checker.is({ type: 'METADATA_ENTRIES', buckets, entries: table.entries(buckets) })).toBe(true)
  })
})

describe('digests', () => {
  test('are equal if and only if the tables are', () => {
    const records = fc.array(anyRecord, { maxLength: 6 })
    fc.assert(
      fc.property(records, records, fc.boolean(), (first, second, same) => {
        const a = tableOf('12D3A', first)
        const b = tableOf('12D3B', same ? [...structuredClone(first)].reverse() : second)
        const equal = contents(a) === contents(b)
        expect(canonicalText(a.digest()) === canonicalText(b.digest())).toBe(equal)
        expect(a.differingBuckets(b.digest()).length === 0).toBe(equal)
        if (same) expect(equal).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('kept up change by change are those of a table made at once', () => {
    const table = tableOf('12D3A')
    for (const record of many(50)) {
      table.merge([record])
      table.digest()
      if (record.kind === 'database') table.putTombstone(record.name)
    }
    expect(table.digest()).toEqual(tableOf('12D3B', table.records()).digest())
    expect(new Set(Object.keys(table.digest()).map(Number))).toEqual(
      new Set(table.records().map((record) => bucketOf(recordKey(record)))),
    )
  })

  test('an equal pair exchanges one digest and nothing else, at 10,000 records too', () => {
    const a = tableOf('12D3A', many(10_000))
    const b = tableOf('12D3B', many(10_000).reverse())
    expect(exchange(a, b)).toBe(0)
  })

  test('the cost of a difference is its bucket, not the table', () => {
    const a = tableOf('12D3A', many(10_000))
    const b = tableOf('12D3B', many(10_000))
    a.putTombstone('app_db77')
    const buckets = b.differingBuckets(a.digest())
    expect(buckets).toEqual([bucketOf('database/app_db77')])
    expect(a.compare(buckets, b.entries(buckets))).toEqual({
      want: ['database/app_db77'],
      send: [a.database('app_db77')],
    })
    expect(exchange(a, b)).toBeLessThan(100)
    expect(contents(a)).toBe(contents(b))
  })

  test('spread keys over all buckets evenly', () => {
    const sizes = new Map<number, number>()
    for (let at = 0; at < 10_000; at += 1) {
      const bucket = bucketOf(`database/app_db${at}`)
      sizes.set(bucket, (sizes.get(bucket) ?? 0) + 1)
    }
    expect(sizes.size).toBe(256)
    expect(Math.max(...sizes.values())).toBeLessThan(80)
  })

  test('only one side’s records: wanted by the other, sent by their holder; strange buckets are ignored', () => {
    const [one] = many(1)
    const a = tableOf('12D3A', many(1))
    const empty = tableOf('12D3B')
    const buckets = a.differingBuckets(empty.digest())
    expect(a.compare(buckets, [])).toEqual({ want: [], send: [one] })
    expect(empty.compare(buckets, a.entries(buckets))).toEqual({ want: ['database/app_db0'], send: [] })
    expect(a.entries([-1, 256, 65_535, 0.5])).toEqual([])
    expect(a.differingBuckets({ ...a.digest(), 999: '0000000000000000' })).toEqual([])
  })

  test('the hash of a record sees its content and not the order of its fields', () => {
    const [record] = fc.sample(nodeRecord(), 1)
    const turned = Object.fromEntries(Object.entries(record as MetadataRecord).reverse()) as MetadataRecord
    expect(recordHash(turned)).toBe(recordHash(record as MetadataRecord))
    expect(recordHash({ ...turned, clock: { x: 1 } } as MetadataRecord)).not.toBe(recordHash(turned))
  })
})

describe('many nodes', () => {
  test('agree after anti-entropy, whatever gossip lost, doubled or turned round', () => {
    const step = fc.record({
      node: fc.nat({ max: 3 }),
      to: fc.nat({ max: 3 }),
      record: anyRecord,
      fate: fc.constantFrom('lost', 'delivered', 'doubled', 'late'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const tables = ['12D3A', '12D3B', '12D3C', '12D3D'].map((peerId) => tableOf(peerId))
        const late: (() => void)[] = []
        for (const { node, to, record, fate } of steps) {
          const changed = tables[node]?.merge([record]).changed ?? []
          const deliver = (): void => void tables[to]?.merge(changed)
          if (fate === 'late') late.unshift(deliver)
          if (fate === 'delivered' || fate === 'doubled') deliver()
          if (fate === 'doubled') deliver()
        }
        for (const deliver of late) deliver()
        // A ring there and back: each has then met each, directly or through others.
        const pairs = [0, 1, 2, 2, 1, 0].map((at) => [tables[at], tables[at + 1]] as const)
        for (const [a, b] of pairs) if (a !== undefined && b !== undefined) exchange(a, b)
        const all = steps.map(({ record }) => record)
        const expected = contents(tableOf('12D3E', all))
        for (const table of tables) expect(contents(table)).toBe(expected)
        // A simple second opinion: fold every record of one key with the merge alone.
        for (const record of tables[0]?.records() ?? []) {
          const sameKey = all.filter((other) => recordKey(other) === recordKey(record))
          expect(canonicalText(sameKey.reduce(mergeRecords))).toBe(canonicalText(record))
        }
      }),
      { numRuns: 150 },
    )
  })
})
