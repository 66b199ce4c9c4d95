; Installer for Windows, of the folder that PyInstaller made (dist\kikipounamu). NOT YET RUN.
;
;     iscc /DVersion=0.1.0 packaging\windows\kikipounamu.iss
;
; It installs for one user, without administrator rights, and keeps recordings, settings and models when removed.
; Sign with  /Ssigntool="..."  and  SignTool=signtool  (docs/windows-macos.md).

#ifndef Version
  #error name the version: /DVersion=0.1.0
#endif

[Setup]
AppId={{6C7F1D0E-7C0B-4C6E-9B0B-6D1B8B2B7A51}
AppName=kikipounamu
AppVersion={#Version}
AppVerName=kikipounamu {#Version}
DefaultDirName={autopf}\kikipounamu
PrivilegesRequired=lowest
DisableProgramGroupPage=yes
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
LicenseFile=..\..\LICENSE
OutputDir=..\..\dist
OutputBaseFilename=kikipounamu-{#Version}-windows-x86_64-setup
SetupIconFile=..\..\dist\kikipounamu.ico
UninstallDisplayIcon={app}\kikipounamu.exe
Compression=lzma2
SolidCompression=yes
WizardStyle=modern
; An update must not replace files of a running app: Windows asks it to close, and it is started again.
CloseApplications=yes
RestartApplications=yes

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"

[Files]
Source: "..\..\dist\kikipounamu\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

; Modules of an older version must not stay beside those of the newer one.
[InstallDelete]
Type: filesandordirs; Name: "{app}\_internal"

[Icons]
Name: "{autoprograms}\kikipounamu"; Filename: "{app}\kikipounamu.exe"; Parameters: "app"; AppUserModelID: "org.kikipounamu.app"

[Run]
Filename: "{app}\kikipounamu.exe"; Parameters: "app"; Description: "{cm:LaunchProgram,kikipounamu}"; Flags: nowait postinstall skipifsilent

[UninstallRun]
Filename: "{app}\kikipounamu.exe"; Parameters: "quit"; Flags: runhidden; RunOnceId: "quit"
Filename: "{app}\kikipounamu.exe"; Parameters: "desktop remove"; Flags: runhidden; RunOnceId: "desktop"
