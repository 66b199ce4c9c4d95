# PyInstaller's own hook knows this module under the name of another package only.
from PyInstaller.utils.hooks import copy_metadata

datas = copy_metadata("webrtcvad-wheels")
