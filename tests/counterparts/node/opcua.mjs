// An OPC UA server on node-opcua-server, and somebody at a panel by node-opcua-client:
//   node opcua.mjs serve PORT PKI SESSIONS [TRUSTED.der]   until it is ended; tells every change on a line of its own
//   node opcua.mjs write PORT NODE TYPE VALUE              as another client
// PKI is a folder for its certificates, which it makes where there are none. It lets in driften with the password vinter.
import manager from 'node-opcua-certificate-manager'
import channel from 'node-opcua-secure-channel'
import server from 'node-opcua-server'
import statuses from 'node-opcua-status-code'
import variant from 'node-opcua-variant'

const { MessageSecurityMode, SecurityPolicy } = channel
const { DataType } = variant
const { OPCUACertificateManager } = manager
const { OPCUAServer } = server
const { StatusCodes } = statuses
const [, , verb, port, ...words] = process.argv
const URL = `opc.tcp://127.0.0.1:${port}/building`

const variable = (space, parent, name, dataType, value, more = {}) => {
  const one = space.getOwnNamespace().addVariable({
    componentOf: parent, browseName: name, nodeId: `s=${name}`, dataType, value: { dataType, value }, ...more,
  })
  one.on('value_changed', (told) => console.log(`now ${name} ${told.value.value} as ${DataType[told.value.dataType]}`))
  return one
}

const serve = async (pki, sessions, trusted) => {
  const certificates = new OPCUACertificateManager({ rootFolder: pki, automaticallyAcceptUnknownCertificate: false })
  await certificates.initialize()
  if (trusted) {
    const fs = await import('node:fs/promises')
    await certificates.trustCertificate(await fs.readFile(trusted))
  }
  const one = new OPCUAServer({
    port: Number(port),
    host: '127.0.0.1',
    hostname: '127.0.0.1',
    resourcePath: '/building',
    buildInfo: { productName: 'Building', softwareVersion: '2.182' },
    serverInfo: { applicationUri: 'urn:building' },
    serverCertificateManager: certificates,
    securityPolicies: [SecurityPolicy.None, SecurityPolicy.Basic256Sha256],
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt],
    allowAnonymous: true,
    serverCapabilities: { maxSessions: Number(sessions) },
    userManager: { isValidUser: (name, word) => name === 'driften' && word === 'vinter' },
  })
  await one.initialize()
  const space = one.engine.addressSpace
  const hall = space.getOwnNamespace().addObject({ organizedBy: space.rootFolder.objects, browseName: 'Hall' })
  const add = (...told) => variable(space, hall, ...told)
  add('Light', 'Boolean', false)
  const lit = add('Lit', 'Byte', 0, { accessLevel: 'CurrentRead' })
  add('Dim', 'Byte', 0).on('value_changed', (told) => lit.setValueFromSource({ dataType: 'Byte', value: told.value.value }))
  add('Heat', 'Float', 16)
  add('Fixed', 'Double', 20, { accessLevel: 'CurrentRead', userAccessLevel: 'CurrentRead' })
  add('Denied', 'Boolean', false, { userAccessLevel: 'CurrentRead' })
  add('Unsure', 'Boolean', false).setValueFromSource({ dataType: 'Boolean', value: true }, StatusCodes.UncertainLastUsableValue)
  await one.start()
  console.log('listening')
}

const write = async (nodeId, dataType, value) => {
  const { AttributeIds, OPCUAClient } = (await import('node-opcua-client')).default
  const panel = OPCUAClient.create({ endpointMustExist: false, clientCertificateManager: undefined })
  await panel.withSessionAsync(URL, async (session) => {
    const status = await session.write({ nodeId, attributeId: AttributeIds.Value, value: { value: { dataType, value: JSON.parse(value) } } })
    console.log(status.toString())
  })
}

if (verb === 'serve') await serve(...words)
if (verb === 'write') await write(...words)
