"""Words of Qt itself, as in the menus of text fields and in its file dialog, in the language of the windows."""

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator

from app.ui.strings.texts import Texts


class QtWords(QObject):
    """Translator that follows the language of ``texts``; it belongs to the application."""

    def __init__(self, application: QCoreApplication, texts: Texts) -> None:
        super().__init__(application)
        self._application, self._texts, self._translator = application, texts, QTranslator(self)
        texts.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        self._application.removeTranslator(self._translator)
        if self._translator.load(QLocale(self._texts.language), "qtbase", "_", folder):
            self._application.installTranslator(self._translator)
