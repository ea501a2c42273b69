import { type KeyObject, randomBytes, sign } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509'

/** What a certificate says. Keys are Ed25519 (RFC 8410). */
export interface CertificateInit {
  readonly issuer: string
  readonly subject: string
  readonly publicKey: KeyObject
  readonly issuerKey: KeyObject
  readonly notBefore: Date
  readonly notAfter: Date
  /** Signs others; or else is this server's, and the same process's as a client. */
  readonly use: { readonly authority: true } | { readonly serverName: string }
}

const ED25519 = '1.3.101.112'
const COMMON_NAME = '2.5.4.3'

/** A certificate (RFC 5280) as PEM. */
export const encodeCertificate = (init: CertificateInit): string => {
  const algorithm = new AlgorithmIdentifier({ algorithm: ED25519 })
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    // A positive number, whatever the random bytes are.
    serialNumber: Uint8Array.from([1, ...randomBytes(15)]).buffer,
    signature: algorithm,
    issuer: commonName(init.issuer),
    subject: commonName(init.subject),
    validity: new Validity({ notBefore: init.notBefore, notAfter: init.notAfter }),
    subjectPublicKeyInfo: AsnConvert.parse(
      init.publicKey.export({ type: 'spki', format: 'der' }),
      SubjectPublicKeyInfo,
    ),
    extensions: new Extensions('authority' in init.use ? authorityExtensions() : replicaExtensions(init.use)),
  })
  const signature = sign(null, Buffer.from(AsnConvert.serialize(tbsCertificate)), init.issuerKey)
  const signatureValue = Uint8Array.from(signature).buffer
  const certificate = new Certificate({ tbsCertificate, signatureAlgorithm: algorithm, signatureValue })
  const lines =
    Buffer.from(AsnConvert.serialize(certificate))
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

const authorityExtensions = (): Extension[] => [
  extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: true, pathLenConstraint: 0 })),
  extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.keyCertSign)),
]

const replicaExtensions = ({ serverName }: { readonly serverName: string }): Extension[] => [
  extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature)),
  extension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([id_kp_serverAuth, id_kp_clientAuth])),
  extension(id_ce_subjectAltName, false, new SubjectAlternativeName([new GeneralName({ dNSName: serverName })])),
]

const extension = (extnID: string, critical: boolean, value: unknown): Extension =>
  new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) })

const commonName = (text: string): Name =>
  new Name([
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({ type: COMMON_NAME, value: new AttributeValue({ utf8String: text }) }),
    ]),
  ])
