import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { ConfigurableModuleAsyncOptions, DynamicModule } from '@nestjs/common';
import type { OptionTable } from '../option.checks.js';
import { isObject, optionProblems, unknownOptions } from '../option.checks.js';

const SOURCES = ['useFactory', 'useClass', 'useExisting'] as const;
const OF_NEST = ['imports', 'inject', ...SOURCES, 'provideInjectionTokensFrom'];

/** Where `forRootAsync` of a module gets its options from. */
export class AsyncOptions<Options, Method extends string> {
  /** Provides what the factory made. */
  readonly token: string | symbol;
  private readonly definitionOf: (options: ConfigurableModuleAsyncOptions<Options, Method>) => DynamicModule;

  /**
   * @param call what messages begin with: `EventBusModule.forRootAsync(…)`
   * @param factoryMethod the method of a `useClass`
   * @param beside the checks of the options that are known before a factory runs
   */
  constructor(
    private readonly call: string,
    factoryMethod: Method,
    private readonly beside: OptionTable,
  ) {
    const builder = new ConfigurableModuleBuilder<Options>({ moduleName: call.replace(/\..*$/, '') });
    const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = builder
      .setFactoryMethodName(factoryMethod)
      .build();
    this.token = MODULE_OPTIONS_TOKEN;
    this.definitionOf = (options) => ConfigurableModuleClass.registerAsync(options);
  }

  /** The problems with the argument of `forRootAsync`, each with what to write instead. */
  problemsIn(options: unknown): string[] {
    const { beside, call } = this;
    if (!isObject(options)) return [`${call} has no options. Write useFactory: () => ({ … }).`];
    const given = SOURCES.filter((source) => options[source] !== undefined);
    const known = [...Object.keys(beside), ...OF_NEST];
    const misplaced = unknownOptions(known, options, ([name]) => `${call}: ${name}`);
    return [
      ...(given.length === 1 ? [] : [`${call}: one of ${SOURCES.join(', ')} must make the options.`]),
      ...optionProblems(beside, options, ([name]) => `${call}: ${name}`),
      ...misplaced.map((problem) => `${problem} All others are returned by useFactory.`),
    ];
  }

  /** The problems with what the factory made, as far as it is too late for it. */
  lateProblemsIn(made: unknown): string[] {
    if (!isObject(made)) return [`${this.call}: useFactory must return an object of options.`];
    return Object.keys(this.beside)
      .filter((name) => made[name] !== undefined)
      .map(
        (name) =>
          `${this.call}: ${name} is needed before useFactory is called. Write it beside useFactory, not in its result.`,
      );
  }

  /** The imports and the providers of {@link token}. Only for options without problems. */
  partsOf(
    options: ConfigurableModuleAsyncOptions<Options, Method>,
  ): Required<Pick<DynamicModule, 'imports' | 'providers'>> {
    const { imports = [], providers = [] } = this.definitionOf(options);
    return { imports, providers };
  }
}
