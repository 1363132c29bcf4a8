export function connection(): { host: string; port: number } {
  return { host: '127.0.0.1', port: Number(process.env['REDIS_PORT'] ?? 6379) };
}
