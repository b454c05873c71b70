/** SDK name and version of a request's headers, empty when not said. Proxies and old SDKs write `_` between the words (S1.1). */
export const attribution = (
  headers: Readonly<Record<string, string | undefined>>,
): { sdkName: string; sdkVersion: string } => ({
  sdkName: headers['x-langfuse-sdk-name'] ?? headers['x_langfuse_sdk_name'] ?? '',
  sdkVersion: headers['x-langfuse-sdk-version'] ?? headers['x_langfuse_sdk_version'] ?? '',
});
