import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

it('leaves a socket behind', async () => {
  const server = createServer((socket) => socket.unref()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(connect(port, '127.0.0.1'), 'connect');
  server.close();
});
