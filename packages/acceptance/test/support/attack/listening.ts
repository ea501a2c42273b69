import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { processesIn } from '@dbcluster/testkit'

/** `LISTEN` in the kernel's tables, and of UDP, which knows no connections, a bound socket. */
const STATES: Readonly<Record<string, string>> = { tcp: '0A', tcp6: '0A', udp: '07', udp6: '07' }

/** Ports on which the processes of a cluster listen, by the kernel's word, sorted. */
export const listeningPorts = (directory: string): readonly number[] => {
  const inodes = new Set(processesIn(directory).flatMap(({ pid }) => socketsOf(pid)))
  const ports = Object.entries(STATES).flatMap(([table, state]) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === state && inodes.has(fields[9] ?? ''))
      .map((fields) => Number.parseInt(fields[1]?.split(':').at(-1) ?? '', 16)),
  )
  return [...new Set(ports)].sort((a, b) => a - b)
}

const socketsOf = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
      return inode === undefined ? [] : [inode]
    } catch {
      return [] // closed meanwhile
    }
  })
