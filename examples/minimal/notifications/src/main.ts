import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

async function bootstrap() {
  const app = await NestFactory.create(AppModule, { abortOnError: false });
  try {
    app.enableShutdownHooks();
    await app.listen(process.env.PORT ?? 3000);
  } catch (error) {
    console.error(error);
    await app.close().catch(console.error);
    process.exit(1);
  }
}
void bootstrap();
