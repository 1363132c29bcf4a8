/** What the transports call their options, and what to write on the command line instead. */
const WORDS: readonly (readonly [string, string])[] = [
  [
    "Set tls: { ca } to the certificate of the CA that signed the server's certificate: its text, not its path",
    "Write --ca with the file of the CA that signed the server's certificate",
  ],
  ['set tls: { cert, key } to', 'set --cert and --key to'],
  ['tls: { cert, key }', '--cert and --key'],
  ['set tls: { servername } to', 'set --servername to'],
  ['tls: { key, passphrase }', '--key and REDIS_KEY_PASSPHRASE'],
  ['tls.key does not match tls.cert', '--key does not match --cert'],
  ['and remove tls', 'and leave out --tls, --ca, --cert, --key and --servername'],
  ['Use redis() instead of redisCluster()', 'Leave out --cluster'],
  ['Check the user and the password in the Redis URL', 'Check the user, and REDIS_PASSWORD or the URL'],
  ['Add a user and a password to the Redis URL', 'Set REDIS_USERNAME and REDIS_PASSWORD'],
];

/** A message of the library, with its advice for somebody who writes no code. */
export function inCommandLineWords(message: string): string {
  return WORDS.reduce((text, [code, words]) => text.replaceAll(code, words), message);
}
