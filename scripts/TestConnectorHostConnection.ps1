<#
.SYNOPSIS
  Asks the connector host what a connector knows of its directory, and prints the answer.
.DESCRIPTION
  The twin of test-connection.js for Windows PowerShell 5.1 and PowerShell 7, with the parameters of the original script.
  An answer of more than nine characters means that the connector has read entries:
    $cout = .\TestConnectorHostConnection.ps1 -ConnectorName demo -ObjectTypePath cache; $cout.length -gt 9
  The secret token is asked for when it is not given. The certificate of the host has to be trusted by this machine:
    Import-Certificate -FilePath certs\self-signed.crt -CertStoreLocation Cert:\CurrentUser\Root
.EXAMPLE
  .\TestConnectorHostConnection.ps1 -ConnectorName demo -ObjectTypePath cache/User -Port 8585
#>
[CmdletBinding()]
param(
  [Parameter(Mandatory = $true)] [string] $ConnectorName,
  [Parameter(Mandatory = $true)] [securestring] $SecretToken,
  [string] $ObjectTypePath = 'cache',
  [ValidateRange(1, 65535)] [int] $Port = 8585
)

$ErrorActionPreference = 'Stop'
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
$token = [Net.NetworkCredential]::new('', $SecretToken).Password
$path = $ObjectTypePath.Trim('/')

$request = @{
  Method          = 'GET'
  Uri             = "https://localhost:$Port/ecma2host_$ConnectorName/scim/$path"
  Headers         = @{ Authorization = "Bearer $token"; Accept = 'application/json' }
  UseBasicParsing = $true
  TimeoutSec      = 60
}
try {
  (Invoke-WebRequest @request).Content
}
catch {
  $status = if ($_.Exception.Response) { [int] $_.Exception.Response.StatusCode } else { 0 }
  $advice = switch ($status) {
    0 { 'start the host, check -Port, and let this machine trust the certificate of the host' }
    401 { 'compare the secret token and the name of the connector, which is case-sensitive' }
    404 { 'check -ObjectTypePath' }
    503 { 'the connector is not ready: connector-host check --connect says why' }
    default { 'look for the reason in the log of the host' }
  }
  throw "Connector '$ConnectorName' on port ${Port}: $($_.Exception.Message) ($advice)"
}
