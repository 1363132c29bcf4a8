import type { Order } from '@libs/shop-events';
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { type OrderRequest, orderRequestSchema } from './ordering.js';
import { OrdersService } from './orders.service.js';

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  place(@Body({ schema: orderRequestSchema }) request: OrderRequest): Promise<Order> {
    return this.orders.place(request);
  }

  @Post(':id/pay')
  @HttpCode(200)
  pay(@Param('id') id: string): Promise<Order> {
    return this.orders.take('pay', id);
  }

  @Post(':id/ship')
  @HttpCode(200)
  ship(@Param('id') id: string): Promise<Order> {
    return this.orders.take('ship', id);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  cancel(@Param('id') id: string): Promise<Order> {
    return this.orders.take('cancel', id);
  }

  @Get(':id')
  find(@Param('id') id: string): Promise<Order> {
    return this.orders.get(id);
  }

  /** Newest first. */
  @Get()
  list(): Promise<Order[]> {
    return this.orders.list();
  }
}
