import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readJsonFile, removeFile, replicaFiles, writeJsonFile } from '../process/replica-files.js'

/** Where the marks are kept that directories are compared with. No database can have this name. */
const MARKS = 'marks'

/** Which launch of which member a directory is of. */
export interface LaunchMark {
  readonly clusterId: string
  readonly raftId: string
  /** Counts the launches of this member. */
  readonly launch: number
}

type Member = Omit<LaunchMark, 'launch'>

/**
 * Tells a replica's directory from an older copy of it, and from an empty one: each launch is counted in the directory
 * and outside of it. A member that lost what it had acknowledged must not vote as if it had it, so such a directory is
 * never started; it counts as lost. A copy that was taken since the last launch is not told.
 */
export class LaunchMarks {
  readonly #dataDir: string

  constructor(dataDir: string) {
    this.#dataDir = dataDir
  }

  /** Why this directory is not the one of the member's last launch; undefined when it is, or when none was counted. */
  async mismatch(name: string, member: Member): Promise<string | undefined> {
    const outside = asMark(await readJsonFile(this.#outside(name)))
    if (outside === undefined || outside.clusterId !== member.clusterId || outside.raftId !== member.raftId)
      return undefined
    const inside = asMark(await readJsonFile(this.#inside(name)))
    if (inside === undefined) return 'its directory was emptied, or is another one'
    if (inside.raftId !== member.raftId || inside.clusterId !== member.clusterId)
      return `its directory is of ${inside.raftId} of the cluster ${inside.clusterId}`
    // The directory is marked first, so a crash in between leaves it one ahead.
    if (inside.launch >= outside.launch) return undefined
    return `its directory is a copy from its launch ${inside.launch}, before the last one, ${outside.launch}`
  }

  /** Counts a launch, on disk in both places when this resolves. */
  async count(name: string, { clusterId, raftId }: Member): Promise<void> {
    const outside = asMark(await readJsonFile(this.#outside(name)))
    const same = outside?.clusterId === clusterId && outside.raftId === raftId
    const mark: LaunchMark = { clusterId, raftId, launch: (same ? outside.launch : 0) + 1 }
    await mkdir(join(this.#dataDir, MARKS), { recursive: true, mode: 0o700 })
    await mkdir(join(this.#dataDir, name), { recursive: true, mode: 0o700 })
    await writeJsonFile(this.#inside(name), mark)
    await writeJsonFile(this.#outside(name), mark)
  }

  /** The member is no more. */
  async forget(name: string): Promise<void> {
    await removeFile(this.#outside(name))
  }

  #inside(name: string): string {
    return replicaFiles(join(this.#dataDir, name)).launch
  }

  #outside(name: string): string {
    return join(this.#dataDir, MARKS, `${name}.json`)
  }
}

const asMark = (value: unknown): LaunchMark | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  const { clusterId, raftId, launch } = value as Partial<LaunchMark>
  const valid = typeof clusterId === 'string' && typeof raftId === 'string' && Number.isSafeInteger(launch)
  return valid ? (value as LaunchMark) : undefined
}
