// A BACnet/IP device on @bacnet-js/client, and a person at its panel by the same library:
//   node bacnet.mjs serve PORT [singly]             until it is ended; tells every write on a line of its own, and what came of it
//   node bacnet.mjs write PORT OWN_PORT TYPE NUMBER TAG VALUE PRIORITY
//   node bacnet.mjs read PORT OWN_PORT TYPE NUMBER  the present value and all priorities, as JSON
import bacnet from '@bacnet-js/client'

const Client = bacnet.default ?? bacnet
const [, , verb, port, ...words] = process.argv
const [PRESENT, PRIORITIES, FLAGS, IDENTIFIER] = [85, 87, 111, 75]
const NUMBER = 2001

const commandable = (tag, rest) => ({ tag, rest, places: Array(16).fill(null) })
const objects = {
  '4,1': commandable(9, 0),
  '1,2': commandable(4, 0),
  '2,3': commandable(4, 16),
  '19,4': commandable(2, 1),
  '2,9': { tag: 4, rest: 16, places: null },
}

class Refusal extends Error {
  constructor(kind, code) {
    super(`${kind}/${code}`)
    Object.assign(this, { kind, code })
  }
}

const present = (one) => one.places?.find((place) => place !== null) ?? one.rest
const spelt = (one, value) => (value === null ? { type: 0, value: null } : { type: one.tag, value })

const found = ({ type, instance }) => {
  const one = objects[`${type},${instance}`]
  if (!one) throw new Refusal(1, 31)
  return one
}

const property = (id, wanted) => {
  if (id.type === 8 && id.instance === NUMBER && wanted === IDENTIFIER) return [{ type: 12, value: id }]
  const one = found(id)
  if (wanted === PRESENT) return [spelt(one, present(one))]
  if (wanted === PRIORITIES && one.places) return one.places.map((place) => spelt(one, place))
  if (wanted === FLAGS) return [{ type: 8, value: { value: [0], bitsUsed: 4 } }]
  throw new Refusal(2, 32)
}

const serve = (singly) => {
  const server = new Client({ port: Number(port), interface: '127.0.0.1' })
  const subscribers = new Map()
  const answering = (service, act) => (asked) => {
    const to = asked.header.sender
    try {
      act(asked.payload, to, asked.invokeId)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      server.errorResponse(to, service, asked.invokeId, error.kind, error.code)
    }
  }
  const tell = (id) => {
    const who = subscribers.get(`${id.type},${id.instance}`)
    if (!who) return
    const values = [PRESENT, FLAGS].map((wanted) => ({ property: { id: wanted, index: 1 }, value: property(id, wanted) }))
    server
      .confirmedCOVNotification(who.to, id, who.process, NUMBER, 60, values)
      .then(() => console.log(`heard ${id.type},${id.instance}`), (error) => console.log(`unheard ${error.message}`))
  }
  server.on('error', (error) => console.log(`error ${error.message}`))
  server.on('readProperty', answering(12, (asked, to, invoke) => {
    server.readPropertyResponse(to, invoke, asked.objectId, asked.property, property(asked.objectId, asked.property.id))
  }))
  if (!singly) {
    server.on('readPropertyMultiple', answering(14, (asked, to, invoke) => {
      const all = asked.properties.map(({ objectId, properties }) => {
        if (objectId.type !== 8) found(objectId)
        const values = properties.map((wanted) => {
          try {
            return { property: wanted, value: property(objectId, wanted.id) }
          } catch (error) {
            return { property: wanted, value: [{ value: { type: 'BacnetError', errorClass: error.kind, errorCode: error.code } }] }
          }
        })
        return { objectId, values }
      })
      server.readPropertyMultipleResponse(to, invoke, all)
    }))
  }
  server.on('writeProperty', answering(15, ({ objectId, value }, to, invoke) => {
    const [one, [told]] = [found(objectId), value.value]
    if (!one.places) throw new Refusal(2, 40)
    if (told.type !== 0 && told.type !== one.tag) throw new Refusal(2, 9)
    if (one.tag === 2 && told.value > 3) throw new Refusal(2, 37)
    const before = present(one)
    one.places[value.priority - 1] = told.type === 0 ? null : told.value
    console.log(`write ${objectId.type},${objectId.instance} ${told.value} at ${value.priority}`)
    console.log(`now ${objectId.type},${objectId.instance} ${present(one)}`)
    server.simpleAckResponse(to, 15, invoke)
    if (present(one) !== before) tell(objectId)
  }))
  server.on('subscribeCov', answering(5, (asked, to, invoke) => {
    const id = asked.monitoredObjectId
    found(id)
    subscribers.set(`${id.type},${id.instance}`, { to, process: asked.subscriberProcessId })
    console.log(`subscribed ${id.type},${id.instance}`)
    server.simpleAckResponse(to, 5, invoke)
  }))
  server.on('listening', () => console.log('listening'))
}

const ask = async (act) => {
  const client = new Client({ port: own, interface: '127.0.0.1', apduTimeout: 5000 })
  try {
    await act(client, { address: `127.0.0.1:${port}` })
  } finally {
    client.close()
  }
}

const [own, type, instance, ...rest] = words.map(Number)
if (verb === 'serve') serve(words.includes('singly'))
if (verb === 'write') {
  const [tag, value, priority] = rest
  await ask((client, there) =>
    client.writeProperty(there, { type, instance }, PRESENT, [{ type: tag, value: tag ? value : null }], { priority }))
}
if (verb === 'read') {
  await ask(async (client, there) => {
    const told = async (wanted) => (await client.readProperty(there, { type, instance }, wanted)).values.map((one) => one.value)
    console.log(JSON.stringify({ present: (await told(PRESENT))[0], places: await told(PRIORITIES) }))
  })
}
