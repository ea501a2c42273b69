import { describe, expect, test } from '@jest/globals'
import { splitStatements } from '../src/index.js'

const split = (sql: string): string[] => splitStatements(sql).map((span) => span.sql)

describe('a text is split into its statements', () => {
  test.each<[string, string[]]>([
    ['', []],
    [' ; ;; -- c ;\n ; /* ; */', []],
    ['SELECT 1', ['SELECT 1']],
    [' SELECT 1 ; SELECT 2 -- x\n;', ['SELECT 1', 'SELECT 2']],
    ['SELECT \';\', ";", [;], `;` /* ; */; a', ['SELECT \';\', ";", [;], `;`', 'a']],
    [
      'CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; SELECT 2; END; SELECT 3',
      ['CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; SELECT 2; END', 'SELECT 3'],
    ],
    [
      'EXPLAIN CREATE TEMP TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; END; b',
      ['EXPLAIN CREATE TEMP TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; END', 'b'],
    ],
    ['CREATE VIRTUAL TABLE f USING x(a; (b; c)); d', ['CREATE VIRTUAL TABLE f USING x(a; (b; c))', 'd']],
    ['CREATE TABLE f(a; b)', ['CREATE TABLE f(a', 'b)']],
    ["SELECT 'open; SELECT 2", ["SELECT 'open; SELECT 2"]],
  ])('%j', (sql, parts) => {
    expect(split(sql)).toEqual(parts)
  })

  test('with the place of each', () => {
    const sql = ' a ;\n b c;'
    const spans = splitStatements(sql)
    expect(spans.map(({ start, end }) => sql.slice(start, end))).toEqual(spans.map((span) => span.sql))
    expect(spans.map(({ start }) => start)).toEqual([1, 6])
  })
})
