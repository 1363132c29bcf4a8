import { contender as raw } from '../../../bench/contenders/raw.contender.mjs';

/** A control: loses or repeats one event. */
export const contender = {
  subscribe({ handlers: [handle], fault, ...given }) {
    let seen = 0;
    const faulty = (order) => {
      seen += 1;
      if (seen === 200 && fault === 'drop') return;
      handle(order);
      if (seen === 200 && fault === 'repeat') handle(order);
    };
    return raw.subscribe({ ...given, handlers: [faulty] });
  },
};
