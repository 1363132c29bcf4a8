/** CPU and wall time of this process from now on. */
export class Stopwatch {
  cpu = process.cpuUsage();
  startedAtMs = performance.now();

  /** @returns {{ cpuUs: number, wallMs: number }} user and system time, and how long it took */
  read() {
    const { user, system } = process.cpuUsage(this.cpu);
    return { cpuUs: user + system, wallMs: performance.now() - this.startedAtMs };
  }
}
