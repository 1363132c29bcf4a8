import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CertificateAuthority } from './certificates.js';

/** Writes what a redis-server shows, good for 127.0.0.1 alone, and whom it trusts. Resolves with its settings. */
export async function certificateFiles(
  authority: CertificateAuthority,
  directory: string,
): Promise<Record<string, string>> {
  const { cert, key } = authority.issue({ name: 'redis', hosts: ['127.0.0.1'] });
  const contents = { 'tls-cert-file': cert, 'tls-key-file': key, 'tls-ca-cert-file': authority.cert };
  const files: Record<string, string> = {};
  for (const [setting, text] of Object.entries(contents)) {
    files[setting] = join(directory, `${setting}.pem`);
    await writeFile(files[setting], text, { mode: 0o600 });
  }
  return files;
}
