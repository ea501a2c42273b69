import { describe, expect, test } from '@jest/globals'
import { createSqlPlanner, dropTableStatement, planCreateTable, planStatement } from '../src/index.js'
import { withCode } from './support/with-code.js'

describe('planCreateTable', () => {
  const planner = createSqlPlanner()
  test.each([
    ['CREATE TABLE users (id INTEGER PRIMARY KEY)', 'users', false],
    [' ; create table if not exists "a "" b"(x); -- c', 'a " b', true],
    ['CREATE TABLE n AS SELECT 1 AS a', 'n', false],
  ])('takes %s', (sql, table, ifNotExists) =>
    expect(planCreateTable(planner, sql)).toMatchObject({ table, ifNotExists }),
  )

  test.each([
    ['CREATE TABLE a(x); CREATE TABLE b(x)', 'SQL_MULTIPLE_STATEMENTS'],
    ['CREATE TABLE a(x); DROP TABLE b', 'SQL_MULTIPLE_STATEMENTS'],
    ['CREATE VIEW a AS SELECT 1', 'SQL_FORBIDDEN'],
    ['CREATE VIRTUAL TABLE f USING fts5(a)', 'SQL_FORBIDDEN'],
    ['EXPLAIN CREATE TABLE a(x)', 'SQL_FORBIDDEN'],
    ['DROP TABLE a', 'SQL_FORBIDDEN'],
    ['CREATE TEMP TABLE a(x)', 'SQL_FORBIDDEN'],
    ['CREATE TABLE _dbcluster_a(x)', 'SQL_FORBIDDEN'],
    ['', 'SQL_ERROR'],
  ])('refuses %s', (sql, code) => expect(() => planCreateTable(planner, sql)).toThrow(withCode(code)))
})

describe('dropTableStatement', () => {
  test.each(['users', 'select', 'a b', 'a"; DROP TABLE "b', 'x--', "it's", '[a]', 'Ü', 'main.users'])(
    'drops %j',
    (table) => {
      const plan = planStatement(dropTableStatement(table))
      expect(plan).toMatchObject({ verb: 'DROP TABLE', target: table, conditional: false })
    },
  )

  test.each([
    ['', 'INVALID_NAME'],
    ['a\0b', 'INVALID_NAME'],
    ['\udc00', 'INVALID_NAME'],
    ['x'.repeat(1_025), 'INVALID_NAME'],
    [undefined, 'INVALID_NAME'],
    [null, 'INVALID_NAME'],
    [7, 'INVALID_NAME'],
    ['sqlite_master', 'SQL_FORBIDDEN'],
    ['_RQLITE_x', 'SQL_FORBIDDEN'],
    ['_dbcluster_meta', 'SQL_FORBIDDEN'],
  ])('refuses %j', (table, code) => expect(() => dropTableStatement(table)).toThrow(withCode(code)))
})
