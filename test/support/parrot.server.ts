import { ScriptedServer } from './scripted.server.js';

/** What it says to a command, without the `-` of an error. Undefined: what a sound server would say. */
export type Parrot = (command: readonly string[]) => string | undefined;

/** Refuses commands as proxies and servers do that repeat in words of their own what they were sent. */
export class ParrotServer {
  private constructor(
    private readonly server: ScriptedServer,
    /** Everything that it has said. */
    readonly said: readonly string[],
  ) {}

  static async start(parrot: Parrot): Promise<ParrotServer> {
    const said: string[] = [];
    const server = await ScriptedServer.start((command) => {
      const refusal = parrot(command);
      if (refusal === undefined) return undefined;
      said.push(refusal);
      return `-${refusal}\r\n`;
    });
    return new ParrotServer(server, said);
  }

  get port(): number {
    return this.server.port;
  }

  /** Idempotent. */
  stop(): void {
    this.server.stop();
  }
}
