export type { GatewayInit } from './config.js'
export type { GatewayEnv } from './frame.js'
export { createGateway, type GatewayApp, type GatewayComponents } from './gateway.js'
export { type GatewayServer, type ServeInit, serveGateway } from './serve.js'
