import type { Fault } from '../fault.js'
import { fillDisk } from './disk-full.js'
import { killGateway, killHost, killLeaderRqlited, killNode, killRqliteds, restartAll, stopNode } from './kills.js'
import { cutInTwo, cutLeaderOff, cutOnePair, cutOneWay, unplug } from './partitions.js'
import { pauseHost, pauseLeaderRqlited, pauseNode } from './pauses.js'
import { stealPort } from './ports.js'
import { replaceAsleep, replaceAwake } from './replace.js'
import { lull, sleepUnderLoad } from './sleep.js'

/** Everything that can go wrong; one round of a run has each once, in an order of its own. */
export const FAULTS: readonly Fault[] = [
  killLeaderRqlited,
  killRqliteds,
  killNode,
  killHost,
  stopNode,
  restartAll,
  killGateway,
  pauseLeaderRqlited,
  pauseNode,
  pauseHost,
  cutLeaderOff,
  cutInTwo,
  cutOneWay,
  cutOnePair,
  unplug,
  fillDisk,
  stealPort,
  sleepUnderLoad,
  lull,
  replaceAwake,
  replaceAsleep,
]
