/**
 * Jest's resolver for the specs that run on Nest 11: each package of Nest comes from this folder, and the libraries that Nest shares
 * with the code under test come from the workspace, so that there is one copy of each.
 */
const path = require('node:path');

const NEST = /^@nestjs\/(common|core|microservices|platform-express|platform-fastify|terminus|testing)(\/|$)/;
const SHARED = /^(rxjs|reflect-metadata)(\/|$)/;
const WORKSPACE = path.join(__dirname, '../..');

module.exports = (request, options) => {
  const resolveIn = (basedir) => options.defaultResolver(request, { ...options, basedir });
  if (SHARED.test(request)) return resolveIn(WORKSPACE);
  if (!NEST.test(request)) return resolveIn(options.basedir);
  const file = resolveIn(__dirname);
  // What is not installed here would be found above, as Nest 12.
  if (!file.startsWith(path.join(__dirname, 'node_modules')))
    throw new Error(`${request} of Nest 11 is missing: npm run test:nest-11`);
  return file;
};
