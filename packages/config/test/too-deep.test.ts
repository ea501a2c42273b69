import { expect, test } from '@jest/globals'
import { readYaml } from '../src/document/yaml-document.js'

test.each(['[', '{a: ', '- ', '? '])('a file of %j within each other is refused, however long it is', (part) => {
  const { faults, usable } = readYaml(`node:\n  ${part.repeat(20_000)}`, 'a.yaml')
  expect(usable).toBe(false)
  expect(faults).toMatchObject([{ code: 'YAML_SYNTAX', line: 2, message: expect.stringContaining('64 deep') }])
})

test('what a configuration needs is not too deep', () => {
  expect(readYaml(`a: ${'['.repeat(20)}${']'.repeat(20)}`, 'a.yaml').faults).toEqual([])
})
