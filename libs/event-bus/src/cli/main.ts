#!/usr/bin/env node
import { runCommandLine } from './command.line.js';
import { Terminal } from './terminal.js';

const { stdin, stdout, stderr, argv, env } = process;
const terminal = new Terminal({ stdin, stdout, stderr });
// A second one ends the process, whatever still waits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => terminal.end());
process.exitCode = await runCommandLine(argv.slice(2), env, terminal);
