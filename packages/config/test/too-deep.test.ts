import { expect, test } from '@jest/globals'
import { readYaml } from '../src/document/yaml-document.js'
import { loadNodeConfig } from '../src/index.js'

test.each(['[', '{a: ', '- ', '? '])('a file of %j within each other is refused, however long it is', (part) => {
  const { faults, usable } = readYaml(`node:\n  ${part.repeat(20_000)}`, 'a.yaml')
  expect(usable).toBe(false)
  expect(faults).toMatchObject([{ code: 'YAML_SYNTAX', line: 2, message: expect.stringContaining('far deeper') }])
})

test('what a configuration needs is not too deep', () => {
  expect(readYaml(`a: ${'['.repeat(20)}${']'.repeat(20)}`, 'a.yaml').faults).toEqual([])
})

test('nor is a list that is given as an override composed when it is: it counts as a text', () => {
  const set = `discovery.bootstrap_peers=${'['.repeat(100)}${']'.repeat(100)}`
  expect(() => loadNodeConfig({ file: 'c.yaml', text: '', env: {}, sets: [set], directory: '/srv' })).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      details: { faults: [expect.objectContaining({ key: 'discovery.bootstrap_peers', code: 'WRONG_TYPE' })] },
    }),
  )
})
