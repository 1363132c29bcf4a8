import { oneLine } from './one-line.js';

describe('oneLine', () => {
  it.each([
    ['a\nb', 'a\\u000ab'],
    ['\u007f\u009b', '\\u007f\\u009b'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\u202e\u2066\ufeff', '\\u202e\\u2066\\ufeff'],
    ['\ud800', '\\ud800'],
    ['Grüße 😀', 'Grüße 😀'],
  ])('keeps %j on its line, and visible', (text, line) => {
    expect(oneLine(text)).toBe(line);
    expect(oneLine(new Error(text))).toBe(line);
  });
});
