import { orderTextOf } from './orders.mjs';

/** The text of one event as a contender's own publisher would write it, by the name of the wire. */
export const WIRES = {
  plain: (channel, eventNumber) => orderTextOf(eventNumber),
  nest: (channel, eventNumber) => `{"pattern":"${channel}","data":${orderTextOf(eventNumber)}}`,
};
