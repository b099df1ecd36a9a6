// What a test has failed with, and what that most likely means: the first row whose words are in it.

export type Causes = readonly (readonly [pattern: RegExp, cause: string])[];

// The words of mail and storage servers come as they are, behind "Raw error:".
export const rawOf = (message: string): string => message.replace(/^.*?Raw error:\s*/s, "");

export const causeOf = (raw: string, causes: Causes): string => causes.find(([pattern]) => pattern.test(raw))?.[1] ?? "";

export const mailCauses = (words: Record<string, string>): Causes =>
  ([
    [/sendmail/i, "sendmail"],
    [/no such host|resolve|getaddrinfo|name or service/i, "host"],
    [/refused|connect to server/i, "refused"],
    [/does not answer/i, "silent"],
    [/first record does not look like a tls|wrong version number|packet length too long|ssl[ _]?(?:connect|handshake)|tls (?:connect|handshake)/i, "notTls"],
    [/certificate|x509/i, "certificate"],
    [/\beof\b|reset by peer|short (?:response|read)|closed|weird server reply/i, "needsTls"],
    [/time[d ]*\s?out|deadline|takes too long/i, "timeout"],
    [/\b535\b|\b5\.7\.8\b|authentication (?:failed|credentials)|not accepted|bad credentials|login denied/i, "password"],
    [/unencrypted|\b504\b|\b538\b|auth.*(?:not supported|unsupported|mechanism)/i, "method"],
    [/\b530\b/i, "signIn"],
    [/\b55[0-4]\b|relay|sender/i, "sender"],
  ] as const).map(([pattern, name]) => [pattern, words[name] ?? ""]);

export const s3Causes = (words: Record<string, string>): Causes =>
  ([
    [/not enabled/i, "off"],
    [/no such host|resolve|getaddrinfo|name or service/i, "host"],
    [/refused|connect to server/i, "refused"],
    [/nosuchbucket/i, "bucket"],
    [/signaturedoesnotmatch/i, "secret"],
    [/invalidaccesskeyid/i, "key"],
    [/accessdenied|\b403\b/i, "denied"],
    [/authorizationheadermalformed|permanentredirect|\b301\b/i, "region"],
    [/certificate|x509|ssl|tls/i, "certificate"],
    [/time[d ]*\s?out|deadline|takes too long|does not answer/i, "timeout"],
    [/\b404\b/i, "bucket"],
  ] as const).map(([pattern, name]) => [pattern, words[name] ?? ""]);
