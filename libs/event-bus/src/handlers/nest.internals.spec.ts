import type { ExternalContextCreator } from '@nestjs/core';
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
    expect(nestInternals(parts as unknown as ExternalContextCreator)).toBe(parts);
  });

  it('refuses a Nest that is built differently, and names what is missing', () => {
    const other = { ...parts, guardsContextCreator: undefined, contextUtils: undefined };
    const find = () => nestInternals(other as unknown as ExternalContextCreator);
    expect(find).toThrow(ConfigurationError);
    expect(find).toThrow('(ExternalContextCreator has no guardsContextCreator, contextUtils)');
  });
});
