import { render } from 'preact';
import './style.css';
import { followConsole } from './stream.js';
import { followKeys } from './keys.js';
import { App } from './view/app.js';

const root = document.querySelector('#console');
if (root !== null) render(<App />, root);
followKeys();
followConsole();
