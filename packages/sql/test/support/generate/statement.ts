import type { StatementKind } from '../../../src/index.js'
import type { Random } from './random.js'
import { spellName, spellWords } from './spell.js'

/** A statement against the corpus's schema, and what it is by the grammar that made it. */
export interface GeneratedStatement {
  readonly sql: string
  readonly kind: StatementKind | 'refused'
}

const TABLES: Readonly<Record<string, readonly string[]>> = {
  t: ['id', 'a', 'b', 'c'],
  users: ['id', 'name', 'email'],
  select: ['from', 'order'],
  begin: ['end', 'case'],
  replace: ['key', 'pragma'],
  edit: ['a', 'b'],
}
const NAMES = Object.keys(TABLES)
const STRINGS = ["'x'", "';'", "'--'", "'/*'", "'it''s'", "''", "'\\'", "'\"'", "'; ATTACH ''x'' AS y; --'"] as const
const NUMBERS = ['1', '0', '.5', '1e3', '0xFF', '1.', '-1', "x'00ff'"] as const
/** What would differ from replica to replica. */
const DIFFERENT_EACH_TIME = [
  ...[
    'random()',
    'RANDOM(*)',
    'randomblob(4)',
    '"randomblob"(?)',
    'changes()',
    'last_insert_rowid()',
    'total_changes()',
  ],
  ...[
    "datetime('now')",
    'CURRENT_TIMESTAMP',
    '"current_date"()',
    'unixepoch()',
    "strftime('%s', 'NOW')",
    'sqlite_version()',
  ],
] as const
const PARAMETERS = ['?', '?2', ':n', '@n', '$n', '$a::b'] as const

/** One statement, most of which SQLite compiles. */
export const generateStatement = (random: Random): GeneratedStatement => {
  const { words, kind } = statement(new Writer(random))
  const explained = kind !== 'refused' && random.once(12)
  const prefix = explained ? random.pick([['EXPLAIN'], ['EXPLAIN', 'QUERY', 'PLAN']]) : []
  const sql = spellWords(random, [...prefix, ...words])
  return { sql: random.once(8) ? ` ;${sql};` : sql, kind: explained ? 'read' : kind }
}

interface Words {
  readonly words: readonly string[]
  readonly kind: GeneratedStatement['kind']
}

const statement = (writer: Writer): Words => {
  const { random } = writer
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
      return { words: writer.select(2), kind: 'read' }
    case 3:
    case 4:
      return { words: writer.insert(), kind: 'write' }
    case 5:
      return { words: writer.update(), kind: 'write' }
    case 6:
      return { words: writer.remove(), kind: 'write' }
    case 7:
      return {
        words: [...writer.common(), ...random.pick([writer.insert(), writer.update(), writer.remove()])],
        kind: 'write',
      }
    case 8:
      return { words: ['VALUES', '(', ...writer.expression(2), ')'], kind: 'read' }
    case 9:
      return { words: writer.definition(), kind: 'ddl' }
    case 10:
      return {
        words: ['PRAGMA', random.pick(['table_info', 'index_list', 'table_xinfo']), `(${writer.table()})`],
        kind: 'pragma-read',
      }
    default:
      return { words: writer.refused(), kind: 'refused' }
  }
}

class Writer {
  readonly random: Random

  constructor(random: Random) {
    this.random = random
  }

  table(name = this.random.pick(NAMES)): string {
    return spellName(this.random, name)
  }

  column(table: string): string {
    return spellName(this.random, this.random.pick(TABLES[table] ?? ['id']))
  }

  expression(depth: number): string[] {
    const { random } = this
    if (depth <= 0 || random.once(3)) return [random.pick([...STRINGS, ...NUMBERS, ...PARAMETERS, 'NULL'])]
    if (random.once(8)) return [random.pick(DIFFERENT_EACH_TIME)]
    const inner = (): string[] => this.expression(depth - 1)
    switch (random.below(8)) {
      case 0:
        return ['CASE', 'WHEN', ...inner(), 'THEN', ...inner(), 'ELSE', ...inner(), 'END']
      case 1:
        return ['(', ...this.select(depth - 1), ')']
      case 2:
        return ['EXISTS', '(', ...this.select(depth - 1), ')']
      case 3:
        return [random.pick(['lower', '"upper"', '[hex]', '`json_array`']), '(', ...inner(), ')']
      case 4:
        return [...inner(), random.pick(['||', '+', '<', '->>', 'IS', 'AND', '<<']), ...inner()]
      case 5:
        return ['CAST', '(', ...inner(), 'AS', 'TEXT', ')']
      case 6:
        return [...inner(), 'IN', '(', ...inner(), ')']
      default:
        return ['(', ...inner(), ')']
    }
  }

  common(): string[] {
    const name = this.random.pick(['x', '"insert"', 'y(z)', '[delete]'])
    const columns = name.includes('(')
    return [
      'WITH',
      ...(this.random.once(3) ? ['RECURSIVE'] : []),
      name,
      'AS',
      '(',
      ...(columns ? ['SELECT', '1'] : this.select(1)),
      ')',
    ]
  }

  select(depth: number): string[] {
    const { random } = this
    const table = random.pick(NAMES)
    const list = random.once(3)
      ? ['1']
      : [this.column(table), 'AS', random.pick(['r', '"returning"', '"from"', "'into'"])]
    const where = depth > 0 && random.once(2) ? ['WHERE', ...this.expression(depth)] : []
    const body = ['SELECT', ...list, 'FROM', this.table(table), ...where]
    if (depth > 1 && random.once(5)) return [...this.common(), ...body]
    return depth > 0 && random.once(6) ? [...body, 'UNION', 'ALL', 'SELECT', '1'] : body
  }

  insert(): string[] {
    const { random } = this
    const table = random.pick(NAMES)
    const verb = random.pick([['INSERT'], ['REPLACE'], ['INSERT', 'OR', 'IGNORE'], ['INSERT', 'OR', 'REPLACE']])
    const into = [...verb, 'INTO', this.table(table), '(', this.column(table), ')']
    const rows = random.once(3) ? this.select(1) : ['VALUES', '(', ...this.expression(2), ')']
    const upsert =
      verb.length === 1 && rows[0] === 'VALUES' && random.once(3) ? ['ON', 'CONFLICT', 'DO', 'NOTHING'] : []
    return [...into, ...rows, ...(verb[0] === 'INSERT' ? upsert : []), ...this.#returning(table)]
  }

  update(): string[] {
    const table = this.random.pick(NAMES)
    const where = this.random.once(2) ? ['WHERE', ...this.expression(2)] : []
    return [
      'UPDATE',
      this.table(table),
      'SET',
      this.column(table),
      '=',
      ...this.expression(2),
      ...where,
      ...this.#returning(table),
    ]
  }

  remove(): string[] {
    const table = this.random.pick(NAMES)
    const where = this.random.once(2) ? ['WHERE', ...this.expression(2)] : []
    return ['DELETE', 'FROM', this.table(table), ...where, ...this.#returning(table)]
  }

  definition(): string[] {
    const { random } = this
    const table = random.pick(NAMES)
    switch (random.below(6)) {
      case 0:
        return [
          'CREATE',
          'TABLE',
          spellName(random, 'made; x'),
          '(',
          'a',
          'DEFAULT',
          random.pick(STRINGS),
          ',',
          '"b"',
          'INT',
          ')',
        ]
      case 1:
        return ['CREATE', 'INDEX', 'made', 'ON', this.table(table), '(', this.column(table), ')']
      case 2:
        return ['CREATE', 'VIEW', 'made', 'AS', 'SELECT', '*', 'FROM', this.table(table)]
      case 3:
        return [
          ...[
            'CREATE',
            'TRIGGER',
            'made',
            'AFTER',
            'INSERT',
            'ON',
            this.table(table),
            'BEGIN',
            'DELETE',
            'FROM',
            't',
            'WHERE',
          ],
          ...['a', '=', 'CASE', 'WHEN', '1', 'THEN', random.pick(STRINGS), 'END', ';', 'END'],
        ]
      case 4:
        return ['DROP', 'TABLE', this.table(table)]
      default:
        return ['ALTER', 'TABLE', this.table(table), 'ADD', 'COLUMN', spellName(random, 'made')]
    }
  }

  refused(): string[] {
    return this.random.pick([
      ['ATTACH', 'DATABASE', "'/tmp/x.db'", 'AS', 'x'],
      ['ATTACH', "':memory:'", 'AS', '"x"'],
      ['VACUUM', 'INTO', "'/tmp/x.db'"],
      ['VACUUM'],
      ['BEGIN', 'IMMEDIATE'],
      ['SAVEPOINT', 'x'],
      ['PRAGMA', 'writable_schema', '=', '1'],
      ['PRAGMA', 'journal_mode'],
      ['CREATE', 'TEMP', 'TABLE', 'made', '(', 'a', ')'],
      ['DELETE', 'FROM', spellName(this.random, '_dbcluster_meta')],
      ['UPDATE', spellName(this.random, 'sqlite_master'), 'SET', 'sql', '=', '1'],
      ['SELECT', '1', ';', 'DELETE', 'FROM', 't'],
      ['SELECT', '*', 'FROM', spellName(this.random, 'pragma_database_list')],
      ['WITH', 'x', 'AS', '(', 'SELECT', '1', ')', 'DELETE', 'FROM', '_dbcluster_meta'],
    ])
  }

  #returning(table: string): string[] {
    return this.random.once(4) ? ['RETURNING', this.column(table)] : []
  }
}
