/**
 * Whether a replica that wakes is one of those without which its database has a majority: the same ones on every node, so
 * that the majorities of many databases come up before anybody's last replica, and others for each name, so that nodes
 * share the work.
 */
export const comesLate = (name: string, raftIds: readonly string[], own: string): boolean => {
  const position = [...raftIds].sort().indexOf(own)
  if (position < 0) return false
  const majority = Math.floor(raftIds.length / 2) + 1
  return (position + sumOf(name)) % raftIds.length >= majority
}

const sumOf = (text: string): number => [...text].reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0)
