import { ConfigurationError } from '../errors.js';
import { nestInternals } from './nest.internals.js';

const parts = {
  guardsContextCreator: {},
  interceptorsContextCreator: {},
  pipesContextCreator: {},
  filtersContextCreator: {},
  contextUtils: {},
  container: {},
};

describe('nestInternals', () => {
  it('finds the parts of a Nest that is built as expected', () => {
    expect(nestInternals(parts)).toBe(parts);
  });

  it('refuses a Nest that is built differently, and names what is missing', () => {
    const other = { ...parts, guardsContextCreator: undefined, contextUtils: undefined };
    const find = () => nestInternals(other);
    expect(find).toThrow(ConfigurationError);
    expect(find).toThrow('(ExternalContextCreator has no guardsContextCreator, contextUtils)');
  });
});
