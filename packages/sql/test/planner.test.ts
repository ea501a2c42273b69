import { describe, expect, test } from '@jest/globals'
import { createSqlPlanner } from '../src/index.js'
import { withCode } from './support/with-code.js'

describe('the plan cache', () => {
  test('gives the same plan for the same text', () => {
    const planner = createSqlPlanner()
    const plan = planner.plan('SELECT 1')
    expect(planner.plan('SELECT 1')).toBe(plan)
    expect(planner.plan('SELECT  1')).not.toBe(plan)
  })

  test('drops what was not used for longest', () => {
    const planner = createSqlPlanner({ maxEntries: 2 })
    const [one, two] = [planner.plan('SELECT 1'), planner.plan('SELECT 2')]
    expect(planner.plan('SELECT 1')).toBe(one)
    planner.plan('SELECT 3')
    expect(planner.plan('SELECT 1')).toBe(one)
    expect(planner.plan('SELECT 2')).not.toBe(two)
  })

  test('is bounded in bytes, and keeps no text that is too large by itself', () => {
    const planner = createSqlPlanner({ maxBytes: 4_000 })
    const small = planner.plan('SELECT 1')
    const large = planner.plan(`SELECT '${'x'.repeat(2_000)}'`)
    expect(planner.plan(`SELECT '${'x'.repeat(2_000)}'`)).not.toBe(large)
    expect(planner.plan('SELECT 1')).toBe(small)
    for (const letter of 'abcd') planner.plan(`SELECT '${letter.repeat(200)}'`)
    expect(planner.plan('SELECT 1')).not.toBe(small)
  })

  test('goes on remembering when much was dropped', () => {
    const planner = createSqlPlanner({ maxBytes: 4_000 })
    for (let number = 0; number < 100; number++) planner.plan(`SELECT ${number}`)
    expect(planner.plan('SELECT 99')).toBe(planner.plan('SELECT 99'))
  })

  test('refuses each time, within its own limits', () => {
    const planner = createSqlPlanner({ sqlMaxBytes: 20 })
    for (let time = 0; time < 2; time++) {
      expect(() => planner.plan('VACUUM')).toThrow(withCode('SQL_FORBIDDEN'))
      expect(() => planner.plan(`SELECT '${'x'.repeat(20)}'`)).toThrow(withCode('SQL_TOO_LARGE'))
    }
  })

  test('costs microseconds for a known text', () => {
    const planner = createSqlPlanner()
    const sql = 'INSERT INTO users (name, email, created_at) VALUES (:name, :email, :created_at) RETURNING id'
    const begin = performance.now()
    for (let time = 0; time < 10_000; time++) planner.plan(sql)
    // Measured 0.1 µs; the bound allows for a machine that is busy otherwise.
    expect((performance.now() - begin) / 10_000).toBeLessThan(0.02)
  })
})
