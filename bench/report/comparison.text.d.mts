import type { Comparison } from './comparison.mjs';

export function comparisonText(comparison: Comparison, file: string): string;
