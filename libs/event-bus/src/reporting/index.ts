export { busAccessToken } from '../module/bus.access.js';
export type { BusAccess } from '../module/bus.access.js';
export { InstanceDirectory, instanceKey } from './instance.directory.js';
export type { IgnoredMessages, InstanceDirectoryOptions } from './instance.directory.js';
export type { InstanceState, KnownInstance } from './known.instance.js';
export { reportTarget } from './report.channel.js';
export * from './report.js';
export { readReport } from './report.reader.js';
export type { ReadReport, ReportProblem } from './report.reader.js';
