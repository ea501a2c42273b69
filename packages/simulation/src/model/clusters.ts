/** One rqlite cluster as Raft sees it, wherever its processes run. */
export interface Cluster {
  readonly clusterId: string
  readonly name: string
  /** `peerId` of the machine that bootstrapped it. */
  bootstrappedBy: string
  bootstraps: number
  readonly voters: Set<string>
  /** The most voters it ever had. */
  peakVoters: number
}

/** Every rqlite cluster that was ever bootstrapped. */
export class Clusters {
  readonly #all = new Map<string, Cluster>()

  get(clusterId: string): Cluster | undefined {
    return this.#all.get(clusterId)
  }

  bootstrap(clusterId: string, name: string, peerId: string): Cluster {
    const cluster = this.#all.get(clusterId) ?? {
      clusterId,
      name,
      bootstrappedBy: peerId,
      bootstraps: 0,
      voters: new Set<string>(),
      peakVoters: 0,
    }
    cluster.bootstraps += 1
    this.#all.set(clusterId, cluster)
    this.join(cluster, peerId)
    return cluster
  }

  join(cluster: Cluster, peerId: string): void {
    cluster.voters.add(peerId)
    cluster.peakVoters = Math.max(cluster.peakVoters, cluster.voters.size)
  }
}
