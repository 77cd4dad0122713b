import { App } from 'aws-cdk-lib/core'
import { addImporterStack } from '../lib/importer-app.ts'

const app = new App()
addImporterStack(app, app.node.getAllContext() as Record<string, unknown>)
