import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';

// Of scripts/check-package.mjs: what Nest does not compile with, nobody can use this package with.

@Module({})
class AppModule {}

const options: MicroserviceOptions = { transport: Transport.TCP };

export const app = NestFactory.createMicroservice(AppModule, options);
