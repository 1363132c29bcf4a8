import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/** Not a bus: an application of Nest with nothing in it. */
export const contender = {
  async subscribe() {
    class AppModule {}
    Module({})(AppModule);
    await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  },
};
