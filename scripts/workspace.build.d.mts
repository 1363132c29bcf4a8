export const ROOT: string;
export function staleProjects(): string[];
export function ensureBuilt(options: { write: (line: string) => void; signal: AbortSignal }): Promise<void>;
